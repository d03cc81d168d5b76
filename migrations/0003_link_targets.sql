-- 0003 link targets: a link of a body may lead to a redirect whose end is a category or an address.
--
-- Widens two checks. What such a link leads to is found when a page is composed, as it is found for a reader who asks for
-- the old address; the row only says that there is something to ask for. The previous release takes such a row for a fault
-- of that one page; it writes none.

set local lock_timeout = '5s';

alter table links
    drop constraint links_kind_check,
    drop constraint links_target_check,
    add constraint links_kind_check check (target_kind in ('article', 'attachment', 'redirect')) not valid,
    add constraint links_target_check
        check ((target_kind is null or target_kind = 'redirect') = (target_id is null)) not valid;

alter table links validate constraint links_kind_check;
alter table links validate constraint links_target_check;
