import { useState } from 'react';
import { Link } from 'wouter';
import { z } from 'zod';
import { Detail } from '../api/reads.ts';
import { Stale } from '../api/stale.ts';
import { withProduct } from '../cart/cart.ts';
import { useCart } from '../cart/use-cart.ts';
import { ErrorNotice, Notice, StaleNotice } from '../design/notice.tsx';
import { Page } from '../design/page.tsx';
import { Price } from '../design/price.tsx';
import { useLoaded } from '../loading/use-loaded.ts';
import { useSession } from '../session/use-session.ts';
import { cart, shop } from '../shop.ts';
import { ProductEditor } from '../staff/product-editor.tsx';
import { SalesReport } from '../staff/sales-report.tsx';
import { Drawing } from './drawing.tsx';
import { Stock } from './stock.tsx';

const Known = Detail.extend({ etag: z.string(), ...Stale.shape });
export type KnownProduct = z.infer<typeof Known>;

export function ProductPage({ id }: { id: string }) {
  const loaded = useLoaded(`products/${id}`, () => shop.product(id), { keep: Known });
  const { value: product, isLoading, error, staleSinceMs, reload } = loaded;
  const [stockVersion, setStockVersion] = useState(0);
  const session = useSession();
  const isStaff = session.status === 'signedIn' && session.caller.isStaff;
  if (!product)
    return (
      <Page title={isLoading ? 'Product' : 'This product cannot be shown'}>
        {isLoading ? <div className="sheet skeleton tall" /> : <ErrorNotice error={error} />}
        <Link href="/">See all products</Link>
      </Page>
    );
  return (
    <Page title={product.name}>
      <StaleNotice sinceMs={staleSinceMs} away="catalog" />
      <div className="product">
        <div className="plate">
          <Drawing {...product} />
        </div>
        <div className="about">
          <p className="category">{product.category}</p>
          <p className="description">{product.description}</p>
          <p className="figures large">
            <Price of={product.price} />
            {staleSinceMs === undefined && <Stock productId={id} version={stockVersion} />}
          </p>
          {product.retired && <Notice kind="info">This product is no longer sold.</Notice>}
          {!isStaff && !product.retired && <AddToCart product={product} />}
        </div>
      </div>
      {isStaff && (
        <div className="for-staff">
          <ProductEditor
            product={product}
            onChange={reload}
            onReplenish={() => setStockVersion((version) => version + 1)}
          />
          <SalesReport productId={id} />
        </div>
      )}
    </Page>
  );
}

function AddToCart({ product }: { product: KnownProduct }) {
  const inCart = useCart().find(({ productId }) => productId === product.id)?.quantity ?? 0;
  return (
    <>
      <button
        type="button"
        className="primary"
        onClick={() => cart.update((lines) => withProduct(lines, product))}
      >
        Add to cart
      </button>
      <p role="status" className="added">
        {inCart > 0 && (
          <>
            {inCart} in your cart. <Link href="/shop/cart">Go to the cart</Link>
          </>
        )}
      </p>
    </>
  );
}
