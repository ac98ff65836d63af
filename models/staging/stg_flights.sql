-- One row a scheduled departure: typed, with names that say what is in them.
-- No table of its own: fct_flights reads the raw files through it, the new ones only.
{{ config(materialized='ephemeral') }}

select
    -- no two flights share a day, a carrier, a number and an origin
    concat_ws('-', make_date(year, month, day), carrier, flight, origin) as flight_id,
    make_date(year, month, day) as flight_date,
    carrier,
    flight::integer as flight_number,
    tailnum as tail_number,
    origin,
    dest as destination,
    time_hour at time zone 'UTC' as scheduled_hour_utc,
    dep_time is not null as has_departed,
    dep_delay::integer as departure_delay, -- minutes; negative is early
    arr_delay::integer as arrival_delay,
    air_time::integer as air_minutes,
    distance::integer as distance_miles,
    _file -- the file of each row
from lake.flights
