import {
  PaymentAuthorised,
  PaymentCaptured,
  PaymentDeclined,
  PaymentVoided,
} from '@fieldguide/contracts/payments';
import { type MessageContract, message, type NewMessage } from '@fieldguide/messaging';
import type { z } from 'zod';

const contracts = { PaymentAuthorised, PaymentCaptured, PaymentDeclined, PaymentVoided };
type Contracts = typeof contracts;

/** An event that this service publishes about a payment. */
export type PaymentEvent = {
  [Type in keyof Contracts]: {
    readonly type: Type;
    readonly data: z.infer<Contracts[Type]['data']>;
  };
}[keyof Contracts];

/** Returns the message that publishes the event; its key is the order's id. */
export function messageOf({ type, data }: PaymentEvent): NewMessage {
  return message<MessageContract>(contracts[type], data.orderId, data);
}
