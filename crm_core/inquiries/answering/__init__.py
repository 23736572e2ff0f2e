"""Who answers an inquiry: in turn or by hand, once, and taken back as easily."""
