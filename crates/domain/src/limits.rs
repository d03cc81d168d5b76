//! Every limit has a name and stands here, so that an error can quote it and a document can list it.

/// Longest title, in Unicode scalar values.
pub const TITLE_CHARS_MAX: usize = 255;
/// Longest slug, in bytes (a path segment; percent-encoded it triples).
pub const SLUG_BYTES_MAX: usize = 200;
/// Largest article body, in bytes of UTF-8.
pub const BODY_BYTES_MAX: usize = 2 * 1024 * 1024;
/// Longest excerpt, in Unicode scalar values.
pub const EXCERPT_CHARS_MAX: usize = 1_000;
/// Most tags on one article.
pub const TAGS_MAX: usize = 50;
/// Longest tag, in Unicode scalar values.
pub const TAG_CHARS_MAX: usize = 100;
/// Longest author name, in Unicode scalar values.
pub const AUTHOR_CHARS_MAX: usize = 200;
/// Longest id of an article in the system it came from, in bytes.
pub const SOURCE_ID_BYTES_MAX: usize = 512;
/// Longest revision message, in Unicode scalar values.
pub const MESSAGE_CHARS_MAX: usize = 1_000;
/// Largest front matter kept with a revision, in bytes of JSON.
pub const FRONT_MATTER_BYTES_MAX: usize = 64 * 1024;
/// Most find/replace edits in one update.
pub const EDITS_MAX: usize = 100;
/// Longest name of a portal or a category, in Unicode scalar values.
pub const NAME_CHARS_MAX: usize = 255;
/// Longest description of a category, in Unicode scalar values.
pub const DESCRIPTION_CHARS_MAX: usize = 2_000;
/// Deepest category tree.
pub const CATEGORY_DEPTH_MAX: usize = 12;
/// Most categories in one portal.
pub const CATEGORIES_MAX: usize = 5_000;
/// Most locales of one portal.
pub const LOCALES_MAX: usize = 100;
/// Most hostnames of one portal.
pub const HOSTNAMES_MAX: usize = 50;
/// Items on a page when the caller names no limit.
pub const PAGE_SIZE_DEFAULT: usize = 20;
/// Most items on a page.
pub const PAGE_SIZE_MAX: usize = 100;
/// Longest cursor we take back, in bytes.
pub const CURSOR_BYTES_MAX: usize = 4_608;
/// How deep into ranked results paging goes.
pub const SEARCH_OFFSET_MAX: usize = 1_000;
/// Longest search query, in bytes; what is longer is cut at a character and said so.
pub const QUERY_BYTES_MAX: usize = 1_024;
/// Most rules of search of one kind in one portal and locale: synonyms, stop words, pins, keywords.
pub const SEARCH_RULES_MAX: usize = 1_000;
/// Longest words of a rule of search, in Unicode scalar values: a word, several, or the query of a pin.
pub const RULE_WORDS_CHARS_MAX: usize = 100;
/// Most words one rule sets equal, or one word stands for.
pub const SYNONYMS_OF_RULE_MAX: usize = 10;
/// Most articles that stand first for one query.
pub const PINNED_ARTICLES_MAX: usize = 10;
/// Most hidden keywords of one article.
pub const KEYWORDS_OF_ARTICLE_MAX: usize = 50;
/// Longest idempotency key, in bytes.
pub const IDEMPOTENCY_KEY_BYTES_MAX: usize = 255;
/// How long an idempotency outcome is kept, in hours.
pub const IDEMPOTENCY_HOURS: i64 = 72;
/// How long outbox rows are kept below the slowest checkpoint, in hours.
pub const OUTBOX_HOURS: i64 = 72;
/// Largest body of a REST request, in bytes: a full body escaped as JSON, with room for its fields.
pub const REQUEST_BYTES_MAX: usize = 6 * 1024 * 1024;
/// Largest body of an import batch, in bytes.
pub const IMPORT_BATCH_BYTES_MAX: usize = 24 * 1024 * 1024;
/// Most articles in one import batch, which is one transaction.
pub const IMPORT_BATCH_ARTICLES_MAX: usize = 500;
/// Most operations in one article batch, which is one transaction.
pub const ARTICLE_BATCH_OPERATIONS_MAX: usize = 1_000;
/// Most bytes of Markdown that one article batch renders because it publishes them; what is beyond fails by itself.
pub const ARTICLE_BATCH_RENDER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// Longest name of the folder, archive or export an import comes from, in Unicode scalar values.
pub const IMPORT_SOURCE_CHARS_MAX: usize = 200;
/// Longest path of a file in its source, in bytes.
pub const IMPORT_PATH_BYTES_MAX: usize = 1_024;
/// Longest key that joins translations of an import, in bytes.
pub const TRANSLATION_KEY_BYTES_MAX: usize = 512;
/// Most old addresses of one article in an import.
pub const OLD_URLS_MAX: usize = 100;
/// Longest old address, in bytes.
pub const OLD_URL_BYTES_MAX: usize = 2_048;
/// Deepest nesting of a JSON request body.
pub const JSON_DEPTH_MAX: usize = 64;
/// Largest request head, in bytes.
pub const REQUEST_HEAD_BYTES_MAX: usize = 64 * 1024;
/// Most request headers.
pub const REQUEST_HEADERS_MAX: usize = 100;
/// Longest key name, in Unicode scalar values.
pub const KEY_NAME_CHARS_MAX: usize = 200;
/// Characters of a body that `get_article` answers by default over MCP.
pub const MCP_BODY_CHARS_DEFAULT: usize = 20_000;
/// Most characters of a body in one MCP answer.
pub const MCP_BODY_CHARS_MAX: usize = 60_000;
/// Article numbers a process takes in one short transaction.
pub const NUMBER_BLOCK: i64 = 64;
/// Events the follower reads in one step.
pub const FOLLOW_EVENTS_MAX: i64 = 1_000;
/// Articles loaded in one step of a reindex.
pub const REINDEX_ARTICLES_MAX: i64 = 500;
/// Bytes of text after which a page of an export ends; one article or revision always goes. Escaped as JSON, a page
/// still fits into [`IMPORT_BATCH_BYTES_MAX`].
pub const EXPORT_PAGE_BYTES_MAX: i64 = 3 * 1024 * 1024;
/// Most rows on a page of an export that have no text: attachments, redirects.
pub const EXPORT_ROWS_MAX: usize = 500;
/// Most sources an export tells apart.
pub const EXPORT_SOURCES_MAX: i64 = 10_000;
/// Largest attachment, in bytes.
pub const ATTACHMENT_BYTES_MAX: usize = 20 * 1024 * 1024;
/// Most attachments of one portal; counted once a minute, so that a burst may go a little beyond.
pub const ATTACHMENTS_MAX: i64 = 200_000;
/// Longest name of a file, in bytes of UTF-8: what file systems take.
pub const FILE_NAME_BYTES_MAX: usize = 255;
/// Most different addresses of one body that are looked up; links beyond stay as written.
pub const LINKS_MAX: usize = 5_000;
/// Most links of one page that are followed through redirects to a category or an address, each by a
/// look of its own; links beyond stay as written and are redirected when they are followed.
pub const REDIRECTED_LINKS_MAX: usize = 200;
/// Longest address, and longest path it names, that is looked up, in bytes: both stand in an index.
pub const LINK_BYTES_MAX: usize = 1_000;
/// Most hosts of its old site that one batch teaches of a source.
pub const SOURCE_HOSTS_MAX: usize = 20;
/// Longest path of an address of the site before, in bytes, percent-decoded. With the query it fits an index row.
pub const OLD_PATH_BYTES_MAX: usize = 1_024;
/// Longest query of an address of the site before, in bytes.
pub const OLD_QUERY_BYTES_MAX: usize = 512;
/// Parameters of a reader's query that are tried one by one when the whole query leads nowhere.
pub const OLD_QUERY_PARAMETERS_MAX: usize = 8;
/// Longest address a redirect leads to, in bytes.
pub const REDIRECT_TARGET_BYTES_MAX: usize = 2_048;
/// Most redirects in one request.
pub const REDIRECT_BATCH_MAX: usize = 1_000;
/// Most redirects of one portal.
pub const REDIRECTS_MAX: i64 = 500_000;
/// Redirects to addresses that are followed, one after the other, to find where the last one leads.
pub const REDIRECT_HOPS_MAX: usize = 4;
/// Longest query whose words are counted, in bytes of UTF-8; what is longer is counted without its words.
pub const COUNTED_QUERY_BYTES_MAX: usize = 160;
/// Most words of a query that are counted; a longer one is counted without them.
pub const COUNTED_QUERY_WORDS_MAX: usize = 16;
/// Most digits in a row of a query whose words are counted: with more it may be somebody's number.
pub const COUNTED_QUERY_DIGITS_MAX: usize = 5;
/// A search that found something, but fewer articles than this, found little.
pub const LOW_RESULTS_BELOW: u64 = 3;
/// Most different queries whose counts wait in memory to be written; further ones are counted without their words.
pub const COUNTED_QUERIES_WAITING_MAX: usize = 5_000;

/// Milliseconds that a write waits until searches find it, when it is asked to.
pub const SEARCHABLE_WAIT_MS_MAX: u64 = 2_000;
/// Most rows of counts one portal gets for a day; further new queries of that day are counted without their words.
pub const COUNTED_QUERIES_PER_DAY_MAX: i64 = 20_000;
/// Most queries of the search page whose results may be counted as opened.
pub const CLICKABLE_QUERIES_MAX: usize = 4_096;
/// Most results of one query that may be counted as opened.
pub const CLICKABLE_RESULTS_MAX: usize = 30;
/// How long after a search the opening of one of its results is counted, in minutes.
pub const CLICKABLE_MINUTES: i64 = 30;
/// Most days that one report of searches or reads covers.
pub const REPORT_DAYS_MAX: i32 = 3_650;
/// Longest words of a reader about an article, in Unicode scalar values.
pub const FEEDBACK_WORDS_CHARS_MAX: usize = 2_000;
/// Largest form a reader posts, in bytes: the words at their limit, each character escaped at its longest, and room for
/// the other fields.
pub const FEEDBACK_BODY_BYTES_MAX: usize = 32 * 1024;
/// Most answers of readers taken from one network address in a minute.
pub const FEEDBACK_PER_MINUTE_MAX: u32 = 6;
/// Most answers of readers taken from one network address in a day (UTC).
pub const FEEDBACK_PER_DAY_MAX: u32 = 60;
/// Most network addresses, as hashes in memory, that answers are told apart by in a day; others wait until the next one.
pub const FEEDBACK_ADDRESSES_MAX: usize = 50_000;
/// Most answers of readers one portal takes in 24 hours.
pub const FEEDBACK_OF_PORTAL_PER_DAY_MAX: i64 = 10_000;
/// Longest notice of an operator to readers, in Unicode scalar values: two sentences.
pub const NOTICE_CHARS_MAX: usize = 300;
/// Longest label of the link to a person, in Unicode scalar values: it stands on a button.
pub const CONTACT_LABEL_CHARS_MAX: usize = 40;
/// Longest address in a notice or a contact, in bytes.
pub const PORTAL_LINK_BYTES_MAX: usize = 1_024;
/// Days that the first page looks back for what is read most and often asked, today included.
pub const POPULAR_DAYS: i64 = 30;
/// Fewest reads in these days of an article that the first page says is read most.
pub const POPULAR_READS_MIN: i64 = 5;
/// Fewest searches in these days of words that the first page says are often asked.
pub const POPULAR_SEARCHES_MIN: i64 = 5;
/// Fewest days among these on which such words were searched for.
pub const POPULAR_SEARCH_DAYS_MIN: i64 = 3;
/// Articles and words kept in memory for one first page; the next ones stand in for those that readers may no longer see.
pub const POPULAR_KEPT_MAX: i64 = 12;
/// How old what the first page says is read most and often asked may be, in minutes.
pub const POPULAR_MINUTES: i64 = 10;
