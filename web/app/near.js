/** How far outside of the window something is fetched already. */
const MARGIN = "800px";

/**
 * Resolves when the element is in the window, or nearly; never, when the signal is aborted before.
 *
 * @param {Element} element
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
export function near(element, signal) {
  return new Promise((resolve) => {
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some(({ isIntersecting }) => isIntersecting)) return;
        observer.disconnect();
        resolve();
      },
      { rootMargin: MARGIN },
    );
    observer.observe(element);
    signal.addEventListener("abort", () => observer.disconnect(), { once: true });
  });
}
