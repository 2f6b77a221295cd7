/** What a toast says. Pure. */

/** @import { Job } from "../../client/types.js" */
/** @import { Words } from "../words.js" */
/** @import { News } from "./news.js" */
/** @import { Toast } from "./toasts.js" */
import { queueWords } from "../words.js";

/**
 * How long it stays, in ms; a failure until it is put away.
 *
 * @type {Readonly<Record<Exclude<News, "gone">, number | null>>}
 */
const STAY_MS = Object.freeze({ queued: 6_000, processing: 6_000, succeeded: 10_000, failed: null, canceled: 5_000 });

/**
 * @param {{
 *   news: Exclude<News, "gone">,
 *   job: Job,
 *   label: string,
 *   image: HTMLImageElement | null,
 *   href: string | null,
 * }} told
 * @param {Words} words
 * @returns {Toast}
 */
export function toastOf({ news, job, label, image, href }, words) {
  const retryable = news === "failed" && job.error?.retryable !== false;
  return {
    news,
    label,
    text: textOf(news, job.kind, words),
    detail: detailOf(news, job, words),
    image,
    link: linkOf(news, href, retryable, label, words),
    retry: retryable ? { name: words.retry, of: words.of(words.retry, label) } : null,
    dismiss: words.of(words.dismiss, label),
    stayMs: STAY_MS[news],
  };
}

/**
 * @param {Exclude<News, "gone">} news
 * @param {string} kind
 * @param {Words} words
 */
function textOf(news, kind, words) {
  switch (news) {
    case "queued":
      return words.queued;
    case "processing":
      return words.begun(kind);
    case "succeeded":
      return words.made(kind);
    case "failed":
      return words.notMade(kind);
    case "canceled":
      return words.stopped;
  }
}

/**
 * @param {News} news
 * @param {Job} job
 * @param {Words} words
 */
function detailOf(news, { queue_position, error }, words) {
  if (news === "queued" && queue_position !== null) return queueWords(queue_position, words);
  return news === "failed" ? (error?.message ?? null) : null;
}

/**
 * @param {News} news
 * @param {string | null} href
 * @param {boolean} retryable
 * @param {string} label
 * @param {Words} words
 */
function linkOf(news, href, retryable, label, words) {
  if (news === "succeeded") return href === null ? null : { href, text: words.visit, of: words.of(words.visit, label) };
  return news === "failed" && !retryable ? { href, text: words.change, of: words.of(words.change, label) } : null;
}
