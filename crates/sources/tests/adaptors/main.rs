//! Exports of other systems, from `fixtures/moving`, read whole; and HTML made to do harm.

mod bookstack;
mod confluence;
mod hostile_html;
mod html;
mod intercom;
mod outline;
mod support;
mod zendesk;
