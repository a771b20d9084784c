-- Holes and what became of them.
select *
from gold.tape_gaps
order by first_seen_at desc, symbol, first_missing_id
limit 100
