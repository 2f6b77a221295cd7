const PAUSES_MS = [1_000, 2_000, 4_000, 8_000, 8_000];

/** The finished picture of one portrait: where it is, and whether it has arrived. */
export class Picture {
  /** As the server gave it; empty while there is none. */
  path = "";
  shown = false;
  /** It was asked for in vain, often enough to say so. */
  lost = false;

  /**
   * The picture, decoded; null when another took its place meanwhile, the signal was aborted, or it is lost.
   *
   * @param {(path: string) => string} resolve
   * @param {AbortSignal} signal
   */
  async load(resolve, signal) {
    const { path } = this;
    this.lost = false;
    try {
      const image = await loadPicture(resolve(path), signal);
      this.shown = path === this.path;
      return this.shown ? image : null;
    } catch {
      this.lost = !signal.aborted && path === this.path;
      return null;
    }
  }
}

/**
 * A picture that is ready to be shown without a flicker. Asks again a few times, sooner when the device is back
 * online; rejects when that was in vain or the signal was aborted.
 *
 * @param {string} url
 * @param {AbortSignal} signal
 * @returns {Promise<HTMLImageElement>}
 */
async function loadPicture(url, signal) {
  for (const pause of PAUSES_MS) {
    try {
      return await decoded(url, signal);
    } catch {
      await sleep(pause, signal);
    }
  }
  return decoded(url, signal);
}

/**
 * @param {string} url
 * @param {AbortSignal} signal
 */
async function decoded(url, signal) {
  signal.throwIfAborted();
  const image = new Image();
  image.decoding = "async";
  image.src = url;
  const over = new AbortController();
  try {
    await Promise.race([image.decode(), loadedUnseen(image, over.signal)]);
  } finally {
    over.abort();
  }
  signal.throwIfAborted();
  return image;
}

/**
 * A tab that nobody looks at decodes nothing; there it has to do that the picture is here.
 *
 * @param {HTMLImageElement} image
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function loadedUnseen(image, signal) {
  return new Promise((resolve) => {
    const look = () => {
      if (document.hidden && image.complete && image.naturalWidth > 0) resolve();
    };
    image.addEventListener("load", look, { signal });
    document.addEventListener("visibilitychange", look, { signal });
  });
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    const over = new AbortController();
    const end = () => {
      clearTimeout(timer);
      over.abort();
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end, { signal: over.signal });
    window.addEventListener("online", end, { signal: over.signal });
  });
}
