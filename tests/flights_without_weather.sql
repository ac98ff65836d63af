-- A known gap of the weather data: shown at every build, but it stops nothing.
{{ config(severity='warn') }}

select origin, scheduled_hour_utc, count(*) as flights
from fct_flights
where temperature_f is null
group by all
order by all
