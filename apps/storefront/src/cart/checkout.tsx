import { type FormEvent, useRef, useState } from 'react';
import { useLocation } from 'wouter';
import { entriesOf, focusFirstError } from '../design/field.tsx';
import { ErrorNotice } from '../design/notice.tsx';
import { money } from '../design/price.tsx';
import { cart, pendingOrder, shop } from '../shop.ts';
import { AddressFields } from './address-fields.tsx';
import { NO_LINES, totalOf } from './cart.ts';
import { type AddressErrors, toRequest } from './order-request.ts';
import { nextPending, type PendingOrder, refusedAt, sendOrder } from './pending-order.ts';
import { ShopBusy } from './shop-busy.tsx';
import { testCards } from './test-cards.ts';
import { UnknownOutcome } from './unknown-outcome.tsx';
import { useCart, usePendingOrder } from './use-cart.ts';

/** Address, card and the one button; after a lost answer only the same order can be sent again. */
export function Checkout({ customerId }: { customerId: string }) {
  const lines = useCart();
  const pending = usePendingOrder();
  const [, navigate] = useLocation();
  const [errors, setErrors] = useState<AddressErrors>({});
  const [rejection, setRejection] = useState<unknown>();
  const [isSending, setSending] = useState(false);
  const [lostAnswers, setLostAnswers] = useState(0);
  const isUnderWay = useRef(false);

  const send = async (order: PendingOrder) => {
    if (isUnderWay.current) return; // a second click
    isUnderWay.current = true;
    setSending(true);
    setRejection(undefined);
    const sent = await sendOrder(order, (request, key) => shop.placeOrder(request, key));
    isUnderWay.current = false;
    setSending(false);
    if (sent.outcome === 'refused') setRejection(sent.error);
    if (sent.outcome === 'busy')
      pendingOrder.update(() => refusedAt(order, sent.retryAfterSeconds, Date.now()));
    setLostAnswers((count) => (sent.outcome === 'unknown' ? count + 1 : 0));
    if (sent.outcome === 'unknown' && order.busy)
      pendingOrder.update(() => ({ ...order, busy: undefined }));
    if (sent.outcome === 'placed' || sent.outcome === 'refused') pendingOrder.update(() => null);
    if (sent.outcome !== 'placed') return;
    cart.update(() => NO_LINES);
    navigate(`/shop/orders/${sent.order.id}`);
  };
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const made = toRequest(lines, entriesOf(form));
    setErrors('errors' in made ? made.errors : {});
    if ('errors' in made) return void focusFirstError(form);
    const newKey = () => crypto.randomUUID();
    const order = pendingOrder.update((old) => nextPending(old, customerId, made.request, newKey));
    await send(order!);
  };

  const own = pending?.customerId === customerId ? pending : null;
  if (own?.busy) return <ShopBusy busy={own.busy} isSending={isSending} onSend={() => send(own)} />;
  if (own && !isSending) return <UnknownOutcome tries={lostAnswers} onSend={() => send(own)} />;
  const total = totalOf(lines);
  return (
    <form className="checkout" onSubmit={submit} noValidate>
      <AddressFields errors={errors} />
      <fieldset className="sheet">
        <legend>Payment</legend>
        <p className="hint">No money moves. These are test cards: choose what the bank does.</p>
        <div className="test-cards">
          {testCards.map(({ token, name, effect }, index) => (
            <label key={token}>
              <input type="radio" name="token" value={token} defaultChecked={index === 0} />
              <strong>{name}</strong>
              <span>{effect}</span>
              <code>{token}</code>
            </label>
          ))}
        </div>
      </fieldset>
      <ErrorNotice error={rejection} />
      <button type="submit" className="primary wide" disabled={isSending || !total}>
        {isSending ? 'Sending your order …' : `Place order${total ? `, ${money(total)}` : ''}`}
      </button>
    </form>
  );
}
