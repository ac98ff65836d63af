-- Every flight with its weather. A build adds the days that are new and makes the
-- latest day again; `elt build --full-refresh` makes the whole table anew.
{{ config(materialized='incremental', unique_key='flight_date') }}

select
    flights.*,
    weather.temperature_f,
    weather.wind_mph,
    weather.rain_inches,
    weather.visibility_miles
from {{ ref('stg_flights') }} as flights
left join {{ ref('stg_weather') }} as weather
    on weather.airport = flights.origin
    and weather.hour_utc = flights.scheduled_hour_utc

{% if is_incremental() %}
-- `this` is the table as the last build left it
where flights.flight_date >= (select max(flight_date) from {{ this }})
{% endif %}
