import type { CommandContext } from '@fieldguide/platform-model/plugin';

/** Returns the id in lower case. @throws the error of the command line when the text is no order id */
export function parseOrderId(text: string, error: CommandContext['error']): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text.toLowerCase();
  throw error(
    `"${text}" is not an order id.`,
    'fieldguide checkouts, or the id in the response of POST /orders',
  );
}
