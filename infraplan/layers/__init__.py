"""What a layer must look like: schemas, reference systems, grid, terrain, and the frozen bundle."""
