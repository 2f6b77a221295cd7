/** @import { Answer } from "../client/http.js" */
/** @import { Clock, Fetch, Job, JobErrorCode, Status } from "../client/types.js" */
import { LimnerError } from "../client/errors.js";
import { Http } from "../client/http.js";
import { isObject, parseJson } from "../client/messages.js";
import { isJob } from "../client/records.js";

/**
 * What the server answers about worlds. All times are RFC 3339 in UTC; addresses are as the server gives them, to be
 * made absolute with `resolve`.
 *
 * @typedef {"portrait" | "video"} MediaKind
 *
 * @typedef {{code: JobErrorCode, message: string, retryable: boolean}} MediaError
 *
 * @typedef {object} BoardMedia  One character's portrait, or video.
 * @property {"missing" | Status} status    of the newest one that was asked for
 * @property {string | null} job            of the newest one that was asked for
 * @property {string | null} url            what to show now, whatever the newest one comes to; null while there is none
 * @property {string | null} [poster]       of a video: a picture to show before it plays
 * @property {boolean} kept                 what is at `url` is in the object store
 * @property {MediaError | null} error      of the newest one that was asked for
 * @property {number} count                 how many there are in the history
 *
 * @typedef {object} BoardCharacter
 * @property {string} id
 * @property {string} name
 * @property {string} race
 * @property {string} class
 * @property {string[]} traits
 * @property {Record<string, number> | null} stats
 * @property {string | null} backstory
 * @property {string | null} appearance
 * @property {MediaKind | null} shown       which of both hangs; null while there is neither
 * @property {BoardMedia} portrait
 * @property {BoardMedia} video
 *
 * @typedef {object} Board
 * @property {string} id
 * @property {string} name
 * @property {string} created_at
 * @property {string} updated_at
 * @property {boolean} yours                            whether the caller may change it
 * @property {MediaKind[]} generate_on_opening          what the page is to ask for, once
 * @property {BoardCharacter[]} characters
 *
 * @typedef {object} ListedWorld
 * @property {string} id
 * @property {string} name
 * @property {string} created_at
 * @property {number} characters    how many
 * @property {number} portraits     how many are there
 * @property {number} videos        how many are there
 * @property {string | null} cover  the address of a picture
 *
 * @typedef {{worlds: ListedWorld[], next: string | null}} WorldsPage  `next` is the cursor of the page after it.
 *
 * @typedef {object} Generated
 * @property {{character: string, job: string}[]} jobs
 * @property {{character: string, reason: string}[]} left  each with why, as a sentence
 *
 * @typedef {object} Media  One portrait or video of a character's history.
 * @property {string} id
 * @property {MediaKind} kind
 * @property {string | null} job
 * @property {Status} status
 * @property {string | null} url
 * @property {string | null} poster
 * @property {string | null} content_type
 * @property {number | null} width          in pixels
 * @property {number | null} height         in pixels
 * @property {number | null} bytes
 * @property {number | null} seconds        how long a video is
 * @property {string} created_at
 * @property {boolean} chosen               it is the one that is shown
 * @property {MediaError | null} error
 *
 * @typedef {object} WholeCharacter  A character that no job of this server has made. `portrait` is a job's id.
 * @property {string} [id]
 * @property {string} name
 * @property {string} race
 * @property {string} class
 * @property {readonly string[]} [traits]
 * @property {Readonly<Record<string, number>>} [stats]
 * @property {string} [backstory]
 * @property {string} [appearance]
 * @property {string} [portrait]
 * @property {string} [image_portrait_base64]
 */

/** @type {Clock} */
const CLOCK = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => globalThis.setTimeout(callback, ms),
  clearTimeout: (handle) => globalThis.clearTimeout(/** @type {number} */ (handle)),
};

/** The server's worlds. Every call throws a LimnerError where it is refused or not answered; none repeats itself. */
export class Worlds {
  #http;

  /**
   * @param {string} [base]  where the server is
   * @param {Fetch} [request]
   */
  constructor(base = new URL("../../", import.meta.url).href, request = (url, init) => fetch(url, init)) {
    this.#http = new Http({ base, headers: {}, fetch: request, clock: CLOCK });
  }

  /**
   * The absolute address of a path that the server gave.
   *
   * @param {string} path
   */
  resolve(path) {
    return this.#http.resolve(path);
  }

  /** Where the worlds of this browser are listed. */
  get library() {
    return this.resolve("/worlds");
  }

  /**
   * Where a person looks at this world.
   *
   * @param {string} id
   */
  address(id) {
    return this.resolve(path(id));
  }

  /**
   * Keeps these characters as a world. The same key with the same name and characters again answers with the same world.
   *
   * @param {string} name
   * @param {readonly (string | WholeCharacter)[]} characters  ids are those of a `characters` job's result
   * @param {string} key  made once for each wish, with `newJobId` for instance
   * @returns {Promise<Board & {world_id: string}>}
   */
  async createWorld(name, characters, key) {
    const headers = { "Idempotency-Key": key };
    const answer = await this.#http.request("/worlds", { method: "POST", headers, body: { name, characters } });
    return read(answer, isCreated);
  }

  /**
   * The caller's own worlds, newest first.
   *
   * @param {string | null} [before]  the cursor `next` of the page before
   * @returns {Promise<WorldsPage>}
   */
  async list(before = null) {
    const query = before === null ? "" : `?before=${encodeURIComponent(before)}`;
    return read(await this.#http.request(`/worlds${query}`), isPage);
  }

  /**
   * @param {string} id
   * @param {string | null} [etag]  of the board that is known already
   * @returns {Promise<{board: Board, etag: string | null} | null>}  null where that is still what it was
   */
  async board(id, etag = null) {
    const answer = await this.#http.request(path(id), { headers: etag === null ? {} : { "If-None-Match": etag } });
    if (answer.status === 304) return null;
    return { board: read(answer, isBoard), etag: answer.headers.get("etag") };
  }

  /**
   * @param {string} id
   * @param {string} name
   * @returns {Promise<Board>}
   */
  async rename(id, name) {
    return read(await this.#http.request(path(id), { method: "PATCH", body: { name } }), isBoard);
  }

  /**
   * Everything of it goes: characters, pictures and videos.
   *
   * @param {string} id
   */
  async remove(id) {
    const answer = await this.#http.request(path(id), { method: "DELETE" });
    if (answer.status !== 204) read(answer, isObject);
  }

  /**
   * @param {string} id
   * @param {string} character
   * @param {{name?: string, backstory?: string}} changes
   * @returns {Promise<BoardCharacter>}
   */
  async editCharacter(id, character, changes) {
    return read(await this.#http.request(path(id, character), { method: "PATCH", body: changes }), isCharacter);
  }

  /**
   * Asks for what is neither there nor being made.
   *
   * @param {string} id
   * @param {MediaKind} kind
   * @param {{once?: boolean}} [options]  `once`: nothing, if that was asked for so before
   * @returns {Promise<Generated>}
   */
  async generate(id, kind, { once = false } = {}) {
    const body = { kind, once };
    return read(await this.#http.request(`${path(id)}/generate`, { method: "POST", body }), isGenerated);
  }

  /**
   * One more of this character; the one being made, where there is one.
   *
   * @param {MediaKind} kind
   * @param {string} id
   * @param {string} character
   * @param {{seed?: number, description?: string}} [wanted]  a description is for a portrait only
   * @returns {Promise<Job>}
   */
  async regenerate(kind, id, character, wanted = {}) {
    return read(await this.#http.request(`${path(id, character)}/${kind}`, { method: "POST", body: wanted }), isJob);
  }

  /**
   * All portraits and videos of a character, newest first.
   *
   * @param {string} id
   * @param {string} character
   * @returns {Promise<Media[]>}
   */
  async media(id, character) {
    return read(await this.#http.request(`${path(id, character)}/media`), isHistory).media;
  }

  /**
   * Which of its portraits, or videos, is the one to show.
   *
   * @param {string} id
   * @param {string} character
   * @param {string} media
   * @returns {Promise<BoardCharacter>}
   */
  async choose(id, character, media) {
    const target = `${path(id, character)}/choose`;
    return read(await this.#http.request(target, { method: "POST", body: { media } }), isCharacter);
  }
}

/**
 * @param {string} id
 * @param {string} [character]
 */
function path(id, character) {
  const world = `/worlds/${encodeURIComponent(id)}`;
  return character === undefined ? world : `${world}/characters/${encodeURIComponent(character)}`;
}

/**
 * @template T
 * @param {Answer} answer
 * @param {(value: unknown) => value is T} is
 * @returns {T}
 */
function read(answer, is) {
  if (answer.status < 200 || answer.status > 299) throw LimnerError.from(answer, Date.now());
  const value = parseJson(answer.text);
  if (!is(value)) throw new LimnerError({ status: answer.status, title: "The server's answer was not understood." });
  return value;
}

/** @param {unknown} value @returns {value is Board} */
const isBoard = (value) => isObject(value) && typeof value["id"] === "string" && Array.isArray(value["characters"]);

/** @param {unknown} value @returns {value is Board & {world_id: string}} */
const isCreated = (value) => isObject(value) && typeof value["world_id"] === "string" && isBoard(value);

/** @param {unknown} value @returns {value is WorldsPage} */
const isPage = (value) => isObject(value) && Array.isArray(value["worlds"]);

/** @param {unknown} value @returns {value is BoardCharacter} */
const isCharacter = (value) => isObject(value) && isObject(value["portrait"]) && isObject(value["video"]);

/** @param {unknown} value @returns {value is Generated} */
const isGenerated = (value) => isObject(value) && Array.isArray(value["jobs"]) && Array.isArray(value["left"]);

/** @param {unknown} value @returns {value is {media: Media[]}} */
const isHistory = (value) => isObject(value) && Array.isArray(value["media"]);
