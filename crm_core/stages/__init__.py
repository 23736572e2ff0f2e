"""The desk's day with one patient: arrived, consulted, decided, treated, closed."""
