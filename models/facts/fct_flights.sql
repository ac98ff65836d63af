-- Every flight, with the weather where and when it should have left.
-- by_file: each raw file is taken in once; one that is sent again replaces its rows.
{{ config(materialized='incremental', incremental_strategy='by_file') }}

select
    flights.*, -- with _file, the file that each row came from
    weather.temperature_f,
    weather.wind_mph,
    weather.rain_inches,
    weather.visibility_miles
from stg_flights as flights
left join stg_weather as weather
    on weather.airport = flights.origin
    and weather.hour_utc = flights.scheduled_hour_utc
