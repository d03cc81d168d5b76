-- 0007 portal words: the operator's notice and the way to reach a person, for readers of a portal.
--
-- JSON objects as domain::portal_words has them; both are read and written whole.
--
-- Expands only: two nullable columns, which the previous release neither reads nor writes.

set local lock_timeout = '5s';

alter table portals
    add column notice  jsonb,
    add column contact jsonb,
    add constraint portals_notice_check check (jsonb_typeof(notice) = 'object'),
    add constraint portals_contact_check check (jsonb_typeof(contact) = 'object');
