/** The shop's mark: a leaf whose veins are contour lines. */
export const Mark = () => (
  <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
    <path d="M27 4C11 4 4 12 5 27c15 1 23-6 22-23Z" />
    <path className="tint" d="M5 27 19 13M22 9c-8 1-12 5-13 13M24 7" />
  </svg>
);
