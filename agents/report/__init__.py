"""A case as a page: what was perceived on a timeline, the answer with citations that play their moment, and all of it in one file."""
