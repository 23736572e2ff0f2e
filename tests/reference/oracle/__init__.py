"""A slow reference written from the definitions alone, by somebody who had not read the product."""
