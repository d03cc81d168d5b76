//! Whether a server and a role may carry what Cairn promises: asked once, before serving.

use sqlx::query;

use crate::error::StoreError;
use crate::pool::Store;
use crate::row::col;
use crate::statement::sql;

/// The oldest server we run on (`server_version_num`).
const VERSION_NUM_MIN: i32 = 140_000;

sql! {
    SETTINGS = "
select current_setting('server_version_num')::int4 as version_num,
       current_setting('server_version') as version,
       current_setting('fsync') as fsync,
       current_setting('full_page_writes') as full_page_writes,
       current_setting('synchronous_commit') as synchronous_commit,
       current_setting('server_encoding') as encoding";

    // Owning by membership counts: a member of the owner may do what the owner may.
    ROLE = "
select current_user::text as role,
       r.rolsuper as is_super,
       r.rolbypassrls as bypasses_rls,
       exists (
         select 1
         from pg_class c
         join pg_namespace n
           on n.oid = c.relnamespace
         where n.nspname = 'public'
           and c.relkind in ('r', 'p')
           and pg_has_role(current_user, c.relowner, 'member')) as owns_tables
from pg_roles r
where r.rolname = current_user";
}

/// Refuses a server that may lose acknowledged writes, is too old, or a role that could walk through row-level
/// security. Every fault stands in one answer. Primary pool.
///
/// `allow_unsafe` lets a server pass that does not wait for its disk: for tests, never for serving.
pub async fn check_server(store: &Store, allow_unsafe: bool) -> Result<(), StoreError> {
    let mut faults = Vec::new();
    let settings = query(SETTINGS).fetch_one(store.primary()).await?;
    if col::<i32>(&settings, "version_num")? < VERSION_NUM_MIN {
        let version: &str = col(&settings, "version")?;
        faults.push(format!(
            "Postgres {version} is too old; Cairn runs on 14 or newer"
        ));
    }
    let encoding: &str = col(&settings, "encoding")?;
    if encoding != "UTF8" {
        faults.push(format!(
            "the database is encoded in {encoding}; create it with encoding UTF8"
        ));
    }
    if !allow_unsafe {
        for (name, loss) in [
            ("fsync", "a power cut can destroy the whole database"),
            ("full_page_writes", "a power cut can destroy pages"),
            (
                "synchronous_commit",
                "a crash loses writes that were acknowledged",
            ),
        ] {
            if col::<&str>(&settings, name)? == "off" {
                faults.push(format!(
                    "{name} is off, so {loss}; set {name} = on in postgresql.conf and reload"
                ));
            }
        }
    }
    let role = query(ROLE).fetch_one(store.primary()).await?;
    let name: &str = col(&role, "role")?;
    for (column, may) in [
        ("is_super", "is a superuser"),
        ("bypasses_rls", "bypasses row-level security"),
        ("owns_tables", "owns Cairn's tables"),
    ] {
        if col(&role, column)? {
            faults.push(format!(
                "the role {name} {may}, so it could read and change what a portal's rules forbid; serve as a role without that right and migrate with CAIRN_OWNER_URL"
            ));
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(StoreError::Refused(faults.join("\n")))
    }
}
