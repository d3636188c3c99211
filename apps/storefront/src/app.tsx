import { useEffect } from 'react';
import { Redirect, Route, Switch } from 'wouter';
import { AccountPage } from './account/account-page.tsx';
import { CartPage } from './cart/cart-page.tsx';
import { Footer, Header } from './design/frame.tsx';
import { Page } from './design/page.tsx';
import { OrderPage } from './order/order-page.tsx';
import { OrdersPage } from './order/orders-page.tsx';
import { HomePage } from './products/home-page.tsx';
import { ProductPage } from './products/product-page.tsx';
import { RegisterPage } from './session/register-page.tsx';
import { SignInPage } from './session/sign-in-page.tsx';
import { useSession } from './session/use-session.ts';
import { session } from './shop.ts';

export function App() {
  const { status } = useSession();
  useEffect(() => {
    // Without an answer the session stays as it is: the next request tries again.
    if (status === 'resuming') session.current().catch(() => undefined);
  }, [status]);
  return (
    <>
      <a className="skip" href="#content">
        Skip to the content
      </a>
      <Header />
      <main id="content" tabIndex={-1}>
        <Switch>
          <Route path="/" component={HomePage} />
          <Route path="/shop">
            <Redirect to="/" />
          </Route>
          <Route path="/shop/products/:id">{({ id }) => <ProductPage key={id} id={id} />}</Route>
          <Route path="/shop/cart" component={CartPage} />
          <Route path="/shop/orders" component={OrdersPage} />
          <Route path="/shop/orders/:id">{({ id }) => <OrderPage key={id} id={id} />}</Route>
          <Route path="/shop/account" component={AccountPage} />
          <Route path="/shop/sign-in" component={SignInPage} />
          <Route path="/shop/register" component={RegisterPage} />
          <Route>
            <Page title="There is no such page">
              <p>
                The address may be mistyped. <a href="/">See all products</a>
              </p>
            </Page>
          </Route>
        </Switch>
      </main>
      <Footer />
    </>
  );
}
