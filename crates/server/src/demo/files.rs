//! The files of the demo help centers, built into the program: it has them wherever it runs.

/// One demo help center.
#[derive(Debug)]
pub(super) struct DemoPortal {
    /// Its folder below `fixtures/portals`.
    pub(super) folder: &'static str,
    /// `portal.toml` and the articles: file name and text.
    pub(super) files: &'static [(&'static str, &'static str)],
}

impl DemoPortal {
    /// The articles alone.
    pub(super) fn articles(&self) -> impl Iterator<Item = &'static (&'static str, &'static str)> {
        self.files.iter().filter(|(name, _)| name.ends_with(".md"))
    }
}

macro_rules! portal {
    ($folder:literal: $($name:literal)*) => {
        DemoPortal {
            folder: $folder,
            files: &[
                (
                    "portal.toml",
                    include_str!(concat!("../../../../fixtures/portals/", $folder, "/portal.toml")),
                ),
                $((
                    $name,
                    include_str!(concat!("../../../../fixtures/portals/", $folder, "/", $name)),
                ),)*
            ],
        }
    };
}

/// The demo help centers; the first one is where a newcomer lands.
pub(super) const PORTALS: &[DemoPortal] = &[
    portal!("help":
        "101-first-hour.md"
        "102-words.md"
        "103-test-ticket.md"
        "104-languages.md"
        "105-shortcuts.md"
        "201-how-refunds-work.md"
        "202-refund-cancelled-sailing.md"
        "203-refund-one-passenger.md"
        "204-refund-rules.md"
        "205-vouchers.md"
        "206-when-payouts-arrive.md"
        "207-connect-payout-account.md"
        "208-cards-wallets-invoices.md"
        "209-no-show-fee.md"
        "210-payment-pending.md"
        "211-card-dispute.md"
        "301-copy-timetable.md"
        "302-cancel-or-delay.md"
        "303-second-vessel.md"
        "304-extra-sailing.md"
        "305-hold-seats.md"
        "306-publish-feed.md"
        "401-move-booking.md"
        "402-groups.md"
        "403-car-bicycle-dog.md"
        "404-message-everyone.md"
        "405-find-a-booking.md"
        "501-scan-offline.md"
        "502-amber.md"
        "503-boarding-list.md"
        "504-close-the-gate.md"
        "601-invite-crew.md"
        "602-roles.md"
        "603-company-sign-in.md"
        "604-lost-phone.md"
        "701-webhooks.md"
        "702-send-sales.md"
        "703-api-keys.md"
        "704-verify-webhooks.md"
        "705-api-limits.md"
        "706-warehouse.md"
        "801-load.md"
        "802-cash-up.md"
        "803-passenger-counts.md"
        "804-columns.md"
    ),
    portal!("hilfe":
        "101-erste-stunde.md"
        "102-rollen.md"
        "201-erstattung-bei-absage.md"
        "202-auszahlungstermine.md"
        "301-abfahrt-verspaetet.md"
        "302-fahrplan-uebernehmen.md"
        "401-umbuchen.md"
        "402-offline-scannen.md"
    ),
    portal!("musaada":
        "101-first-hour.md"
        "102-roles.md"
        "201-refund-cancelled-sailing.md"
        "202-payout-dates.md"
        "301-move-booking.md"
        "302-delay.md"
        "303-scan-offline.md"
    ),
];

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_table_is_the_folder() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/portals");
        let names = |dir: &Path| {
            let mut names: Vec<String> = std::fs::read_dir(dir)
                .unwrap()
                .map(|entry| entry.unwrap().file_name().into_string().unwrap())
                .collect();
            names.sort();
            names
        };
        let folders: Vec<String> = names(&root)
            .into_iter()
            .filter(|name| root.join(name).is_dir())
            .collect();
        let mut table: Vec<&str> = PORTALS.iter().map(|portal| portal.folder).collect();
        table.sort_unstable();
        assert_eq!(table, folders);
        for portal in PORTALS {
            let files = names(&root.join(portal.folder));
            let files: Vec<_> = files
                .into_iter()
                .filter(|name| name.ends_with(".md"))
                .collect();
            let table: Vec<_> = portal.articles().map(|(name, _)| *name).collect();
            assert_eq!(table, files, "{}", portal.folder);
        }
    }
}
