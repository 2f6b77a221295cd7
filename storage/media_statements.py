"""The statements of `storage.media`.

Whatever changes both locks the lore piece first and its media then, so that nobody waits for each other.
"""


def coming(alias: str) -> str:
    """Of media of this alias: a portrait that is on its way to the object store, one at most for each character."""
    return (
        f"{alias}.kind = 'portrait' and {alias}.taken_up_at is not null and {alias}.url is null "
        f"and {alias}.status <> 'failed'"
    )


def note_on_piece(kind: str, *, newest: bool = False) -> str:
    """Notes a job, its status and its error on a lore piece; with `newest` only where that job was asked for last."""
    condition = f" and {kind}_job = $2" if newest else ""
    return (
        f"update lore_pieces set {kind}_job = $2, {kind}_status = $3, {kind}_error = $4::jsonb, "
        f"updated_at = now() where id = $1{condition}"
    )


WAITING = """
with due as materialized (
  select id from media where look_at <= now() order by look_at limit $2 for update skip locked
)
update media m set look_at = now() + make_interval(secs => $1)
from due, lore_pieces p, worlds w
where m.id = due.id and p.id = m.lore_piece_id and w.id = p.world_id
returning m.id, m.lore_piece_id, p.world_id, p.name, w.owner, m.kind, m.job, m.upload, m.input, m.status,
  m.taken_up_at is not null as taken_up,
  extract(epoch from now() - coalesce(m.taken_up_at, m.created_at))::float8 as age
"""

TAKEN_UP = """
select m.lore_piece_id, p.world_id, m.job, m.url,
  case when p.details ->> 'portrait' = m.job::text then p.details ->> 'image_portrait_base64' end as base64,
  (select count(*) from media o where o.lore_piece_id = m.lore_piece_id and o.kind = 'portrait'
    and o.url is not null) as earlier
from media m join lore_pieces p on p.id = m.lore_piece_id
where m.id = $1 and m.kind = 'portrait' and m.taken_up_at is not null
"""

PIECE_OF = "select lore_piece_id from media where id = $1"

NOTE = """
update media m set error = $3::jsonb, look_at = now() + make_interval(secs => $4), status = case
  when m.taken_up_at is not null and $2 <> 'failed' then m.status
  when $2 in ('queued', 'processing') and exists (
    select from media o where o.lore_piece_id = m.lore_piece_id and o.kind = m.kind and o.id <> m.id
      and o.status in ('queued', 'processing')) then m.status
  else $2 end
where m.id = $1 and m.url is null and ($5::uuid is null or m.job = $5 and (m.taken_up_at is not null) = $6)
returning m.lore_piece_id, m.kind, m.job, m.status, m.error
"""

BEGIN_ANEW = """
update media m set job = $2, status = 'queued', error = null
from lore_pieces p
where m.id = $1 and m.taken_up_at is null and m.url is null and p.id = m.lore_piece_id and m.job = coalesce($3, m.job)
  and m.job = case m.kind when 'portrait' then p.portrait_job else p.video_job end
  and not exists (select from media o where o.lore_piece_id = m.lore_piece_id and o.kind = m.kind and o.id <> m.id
    and o.status in ('queued', 'processing'))
returning m.lore_piece_id, m.kind
"""

LANDED = """
with piece as (
  select p.id, p.details ->> 'portrait' = m.job::text and p.details ->> 'image_portrait_base64' = $10::text as holds
  from lore_pieces p join media m on m.lore_piece_id = p.id where m.id = $1 for update of p
), changed as (
  update lore_pieces p
  set details = (p.details - 'image_portrait_base64') || jsonb_build_object('image_portrait', $3::text),
    updated_at = now()
  from piece where p.id = piece.id and piece.holds
)
update media m set object_key = $2, url = $3, content_type = $4, width = $5, height = $6, bytes = $7, seconds = $8,
  poster_url = $9, status = 'succeeded', error = null, landed_at = now(), look_at = null
from piece where m.id = $1 and m.lore_piece_id = piece.id returning m.id
"""

REFUSED = """
with piece as (
  select p.id, m.job from lore_pieces p join media m on m.lore_piece_id = p.id where m.id = $1 for update of p
), changed as (
  update lore_pieces p
  set details = (p.details - 'image_portrait_base64') || coalesce(
      (select jsonb_build_object('portrait', o.job::text) from media o where o.lore_piece_id = p.id
        and o.kind = 'portrait' and o.url = p.details ->> 'image_portrait' order by o.created_at desc limit 1), '{}'),
    portrait_status = case when p.portrait_job = piece.job then 'failed' else p.portrait_status end,
    portrait_error = case when p.portrait_job = piece.job then $2::jsonb else p.portrait_error end,
    updated_at = now()
  from piece
  where p.id = piece.id and p.details ->> 'portrait' = piece.job::text and p.details ->> 'image_portrait_base64' = $3
)
update media m set taken_up_at = null, status = 'failed', error = $2::jsonb, look_at = null
from piece where m.id = $1 and m.url is null
"""

SHOWN = """
with piece as (
  select p.id from lore_pieces p join media m on m.lore_piece_id = p.id where m.id = $1 for update of p
), landed as (
  update media m set object_key = $2, url = $3, content_type = $4, width = $5, height = $6, bytes = $7, seconds = $8,
    poster_url = $9, status = 'succeeded', error = null, landed_at = now(), look_at = null
  from piece where m.id = $1 and m.lore_piece_id = piece.id returning m.lore_piece_id, m.job
)
update lore_pieces p
set details = p.details
    || jsonb_build_object('video', $3::text, 'video_poster', $9::text, 'video_job', landed.job::text,
      'shown', 'video'),
  video_status = case when p.video_job = landed.job then 'succeeded' else p.video_status end,
  video_error = case when p.video_job = landed.job then null else p.video_error end,
  updated_at = now()
from landed where p.id = landed.lore_piece_id
"""

# Without the inputs of their jobs, which are far more than all the rest.
HISTORY = """
select m.id, m.kind, m.job, m.status, m.error, m.url, m.poster_url, m.content_type, m.width, m.height, m.bytes,
  m.seconds, m.created_at,
  case m.kind when 'portrait' then p.details ->> 'portrait' else p.details ->> 'video_job' end = m.job::text
  and (m.url is not null or m.taken_up_at is not null and m.status <> 'failed') as chosen
from media m join lore_pieces p on p.id = m.lore_piece_id
where m.lore_piece_id = $1 and ($2::uuid is null or m.job = $2) order by m.created_at desc, m.id
"""

ADOPT = """
with found as (
  select p.id, gen_random_uuid() as media, gen_random_uuid() as upload,
    case when p.details ->> 'portrait'
      ~ '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
    then (p.details ->> 'portrait')::uuid else gen_random_uuid() end as job,
    coalesce(p.portrait_status in ('queued', 'processing'), false) as making
  from lore_pieces p
  where p.details ? 'image_portrait_base64' and p.details ->> 'image_portrait_base64' is not null and not exists (
    select from media m where m.lore_piece_id = p.id and m.kind = 'portrait'
      and m.taken_up_at is not null and m.url is null
      and (m.status <> 'failed' or m.job::text = p.details ->> 'portrait'))
  limit $1 for update of p skip locked
), noted as (
  update lore_pieces p set
    portrait_status = case when found.making then p.portrait_status else 'succeeded' end,
    portrait_job = case when found.making then p.portrait_job else found.job end,
    portrait_error = null,
    details = p.details || jsonb_build_object('portrait', found.job::text, 'shown', 'portrait')
  from found where p.id = found.id
)
insert into media (id, lore_piece_id, kind, job, upload, status, taken_up_at, look_at)
select media, id, 'portrait', job, upload, 'succeeded', now(), now() from found
on conflict do nothing returning id
"""
