"""Work that nobody is paid for, beside work that somebody is."""
