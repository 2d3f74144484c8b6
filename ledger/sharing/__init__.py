"""Who may read what: the facts a decision rests on, what was granted, and the decision itself."""
