import { type FormEvent, useRef, useState } from 'react';
import { entriesOf, Field } from '../design/field.tsx';
import { ErrorNotice, Notice } from '../design/notice.tsx';
import { money } from '../design/price.tsx';
import type { KnownProduct } from '../products/product-page.tsx';
import { shop } from '../shop.ts';

interface Props {
  readonly product: KnownProduct;
  readonly onChange: () => Promise<void>;
  readonly onReplenish: () => void;
}

/** For staff: price, retirement and stock. A change is refused when the product has changed since it was shown. */
export function ProductEditor({ product, onChange, onReplenish }: Props) {
  const [done, setDone] = useState('');
  const [error, setError] = useState<unknown>();
  const key = useRef(crypto.randomUUID()); // the same until the delivery is known to have arrived
  const attempt = async (work: () => Promise<string>) => {
    setDone('');
    setError(undefined);
    try {
      setDone(await work());
    } catch (failure) {
      setError(failure);
    }
    await onChange();
  };
  const change = (wanted: Parameters<typeof shop.changeProduct>[2]) =>
    shop.changeProduct(product.id, product.etag, wanted);
  const reprice = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const euros = Number(entriesOf(event.currentTarget)['price']);
    const price = { ...product.price, amountMinor: Math.round(euros * 100) };
    void attempt(async () => `The price is now ${money((await change({ price })).price)}.`);
  };
  const replenish = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const units = Number(entriesOf(event.currentTarget)['units']);
    void attempt(async () => {
      await shop.replenish(product.id, units, key.current);
      key.current = crypto.randomUUID();
      onReplenish();
      return `${units} units were added.`;
    });
  };
  return (
    <section className="sheet staff" aria-labelledby="staff">
      <h2 id="staff">For staff</h2>
      <form onSubmit={reprice}>
        <Field
          key={product.price.amountMinor}
          label={`New price in ${product.price.currency}`}
          name="price"
          type="number"
          min="0"
          step="0.01"
          defaultValue={(product.price.amountMinor / 100).toFixed(2)}
          required
        />
        <button type="submit">Reprice</button>
      </form>
      <form onSubmit={replenish}>
        <Field label="Units to add" name="units" type="number" min="1" max="100000" required />
        <button type="submit">Replenish</button>
      </form>
      <button
        type="button"
        onClick={() =>
          attempt(async () =>
            (await change({ retired: !product.retired })).retired
              ? 'The product is retired: it is no longer listed.'
              : 'The product is listed again.',
          )
        }
      >
        {product.retired ? 'List it again' : 'Retire'}
      </button>
      <div role="status">{done && <Notice kind="good">{done}</Notice>}</div>
      <ErrorNotice error={error} />
    </section>
  );
}
