/** Where to go after signing in: a page of this shop, never an address of another site. */
export function returnTo(search: string): string {
  const path = new URLSearchParams(search).get('returnTo') ?? '/';
  const isOwn = /^\/(?![/\\])/.test(path) && !/[\s\\]/.test(path);
  return isOwn ? path : '/';
}

export const signInFrom = (path: string) => `/shop/sign-in?returnTo=${encodeURIComponent(path)}`;
