-- Holes and what became of them.
select *
from gold.tape_gaps
order by first_seen_at desc
limit 100
