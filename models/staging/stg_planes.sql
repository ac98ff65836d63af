-- One row a plane.
select
    tailnum as tail_number,
    year::integer as year_built,
    manufacturer,
    model,
    seats::integer as seats
from lake.planes
