-- Worlds, their lore pieces, and the pictures and videos of these.

create table worlds (
  id uuid primary key,
  owner text not null,
  name text not null,
  -- Kinds of media that the board has asked for by itself when it was first opened.
  opened text[] not null default '{}',
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index worlds_by_owner on worlds (owner, created_at desc, id desc);

-- What an Idempotency-Key stands for. The key is a stranger's text, so its hash stands for it.
create table world_keys (
  digest text primary key,
  world_id uuid not null references worlds on delete cascade,
  fingerprint text not null,
  created_at timestamptz not null default now()
);
create index world_keys_by_world on world_keys (world_id);
create index world_keys_by_age on world_keys (created_at);

-- One row for each character. `portrait_…` and `video_…` say how it stands with the newest one that was asked for.
create table lore_pieces (
  id uuid primary key,
  world_id uuid not null references worlds on delete cascade,
  kind text not null,
  position integer not null,
  name text not null,
  details jsonb not null,
  portrait_status text,
  portrait_job uuid,
  portrait_error jsonb,
  video_status text,
  video_job uuid,
  video_error jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
-- A picture in base64 cannot be made smaller: trying it would cost more than all the rest of an INSERT.
alter table lore_pieces alter column details set storage external;
create index lore_pieces_by_world on lore_pieces (world_id, position);
create index lore_pieces_with_base64 on lore_pieces (id) where details ? 'image_portrait_base64';

-- Every portrait and video that was asked for, from its job to its place in the object store.
create table media (
  id uuid primary key,
  lore_piece_id uuid not null references lore_pieces on delete cascade,
  kind text not null check (kind in ('portrait', 'video')),
  -- The job that makes it, and what that was given, to be asked for again if Redis has lost it.
  job uuid not null,
  input jsonb,
  status text not null check (status in ('queued', 'processing', 'succeeded', 'failed', 'canceled')),
  error jsonb,
  -- Since when its base64 stands in the lore piece's details, and the job that puts it into the object store.
  taken_up_at timestamptz,
  upload uuid not null,
  object_key text,
  url text,
  poster_url text,
  content_type text,
  width integer,
  height integer,
  bytes bigint,
  seconds double precision,
  -- When the sweep looks at it again; null once there is nothing left to do.
  look_at timestamptz,
  -- Later than that of everything before it, however long whoever asked for it has waited for its turn.
  created_at timestamptz not null default clock_timestamp(),
  landed_at timestamptz
);
create unique index media_made_one_at_a_time on media (lore_piece_id, kind) where status in ('queued', 'processing');
create unique index media_taken_up_one_at_a_time on media (lore_piece_id)
  where kind = 'portrait' and taken_up_at is not null and url is null and status <> 'failed';
create index media_by_piece on media (lore_piece_id, kind, created_at desc, id);
create index media_by_job on media (job);
create index media_to_look_at on media (look_at) where look_at is not null;

-- Worlds that were deleted, whose jobs and objects are still to go.
create table removals (
  world_id uuid primary key,
  owner text not null,
  jobs uuid[] not null,
  deleted_at timestamptz not null default now(),
  look_at timestamptz not null default now()
);
create index removals_to_look_at on removals (look_at);
