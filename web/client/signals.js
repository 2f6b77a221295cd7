/**
 * A signal that is aborted when one of the two is. (`AbortSignal.any` is too new for some browsers in use.)
 *
 * @param {AbortSignal | undefined} first
 * @param {AbortSignal} second
 */
export function linked(first, second) {
  const controller = new AbortController();
  const links = [first, second].flatMap((signal) => {
    if (!signal) return [];
    const abort = () => controller.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener("abort", abort, { once: true });
    return [() => signal.removeEventListener("abort", abort)];
  });
  return { signal: controller.signal, unlink: () => links.forEach((unlink) => unlink()) };
}
