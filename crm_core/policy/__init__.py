"""The clinic's own rules as frozen values; code never knows that Botox is 150 days."""
