-- One row an airport and hour.
select
    origin as airport,
    time_hour at time zone 'UTC' as hour_utc,
    temp as temperature_f,
    wind_speed as wind_mph,
    precip as rain_inches,
    visib as visibility_miles
from lake.weather
