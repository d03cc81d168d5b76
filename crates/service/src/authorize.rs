//! Who may do what: scope and portal, decided in one place.
