"""Files of the chart program: bytes → rows and complaints → rows of ours."""
