-- Does the weather at the origin make flights late?
select
    case -- the first that fits counts
        when temperature_f is null then 'unknown'
        when rain_inches > 0 and temperature_f <= 32 then 'snow'
        when rain_inches > 0 then 'rain'
        when visibility_miles < 5 then 'fog'
        when wind_mph >= 25 then 'wind'
        else 'fair'
    end as weather,
    count(*) as flights,
    round(100 * avg((not has_departed)::integer), 1) as cancelled_percent,
    round(avg(departure_delay), 1) as mean_departure_delay
from fct_flights
group by all
order by mean_departure_delay desc
