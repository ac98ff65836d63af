-- Every flight, with the weather where and when it should have left.
-- A build reads the latest day again and the days that are new, and replaces whole
-- days; `elt build --full-refresh` makes the table anew.
{{ config(materialized='incremental', unique_key='flight_date') }}

select
    flights.*,
    weather.temperature_f,
    weather.wind_mph,
    weather.rain_inches,
    weather.visibility_miles
from stg_flights as flights
left join stg_weather as weather
    on weather.airport = flights.origin
    and weather.hour_utc = flights.scheduled_hour_utc

{% if is_incremental() %}
-- `this` is the table as the last build left it
where flights.flight_date >= (select max(flight_date) from {{ this }})
{% endif %}
