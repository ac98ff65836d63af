-- A test is a query that finds what must not be. No rows: it passes.
select flight_id
from fct_flights
where not has_departed
  and (arrival_delay is not null or air_minutes is not null)
