//! Laws, judged over happenings made by hand.
