import { example } from '../example.ts';
import { orderId, paymentId, total } from '../example-data.ts';
import {
  AuthorisePayment,
  CapturePayment,
  PaymentAuthorised,
  PaymentCaptured,
  PaymentDeclined,
  PaymentVoided,
  VoidPayment,
} from './index.ts';

export const authorisePayment = example(AuthorisePayment.data, {
  orderId,
  amount: total,
  paymentToken: 'tok_ok',
});
export const capturePayment = example(CapturePayment.data, { orderId });
export const voidPayment = example(VoidPayment.data, { orderId });
export const paymentAuthorised = example(PaymentAuthorised.data, {
  orderId,
  paymentId,
  amount: total,
});
export const paymentDeclined = example(PaymentDeclined.data, {
  orderId,
  paymentId,
  reason: 'paymentDeclined',
});
export const paymentCaptured = example(PaymentCaptured.data, { orderId, paymentId, amount: total });
export const paymentVoided = example(PaymentVoided.data, { orderId, paymentId });
