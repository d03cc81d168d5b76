-- 0006 feedback: whether an article helped, why not, and what is wrong in it, in the words of readers.
--
-- No row says who: no address, no hash of one, no session, no browser. One vote for each address, article and day is
-- kept apart in the memory of the server (service::feedback::voters), which forgets it with the day. Rows are deleted
-- after feedback_days, and with their article when it is erased.
--
-- Expands only: a new table, which the previous release does not know.

set local lock_timeout = '5s';

create table feedback (
    portal_id   uuid        not null,
    id          uuid        not null,
    article_id  uuid        not null,
    -- What the reader saw: the article has one locale, and its revisions go on.
    locale      text        not null collate "C",
    revision    integer     not null,
    kind        text        not null collate "C",
    reason      text        collate "C",
    words       text        not null default '',
    created_at  timestamptz not null,
    constraint feedback_pkey primary key (portal_id, id),
    constraint feedback_portal_fkey foreign key (portal_id) references portals (id),
    constraint feedback_article_fkey foreign key (portal_id, article_id) references articles (portal_id, id),
    constraint feedback_kind_check check (kind in ('helpful', 'unhelpful', 'mistake')),
    constraint feedback_reason_check
        check (reason is null or (kind = 'unhelpful' and reason in ('missing', 'unclear', 'wrong', 'off_topic'))),
    constraint feedback_words_check check (kind <> 'helpful' or words = '')
);

create index feedback_article_idx on feedback (portal_id, article_id, id);
create index feedback_created_idx on feedback (portal_id, created_at);
