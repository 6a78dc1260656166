//! The board: dragging, keys, search, chains.
