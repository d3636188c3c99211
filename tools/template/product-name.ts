/** The names of a product in the forms that the sources use. */
export interface ProductName {
  /** Lower case, letters and digits: command, folders, databases, `acme`. */
  readonly name: string;
  /** npm scope: `@acme`. */
  readonly scope: string;
  /** In prose: `Acme`. */
  readonly title: string;
}

/**
 * Checks a name and derives the other forms.
 * @throws Error that states which form is not valid
 */
export function productName(
  name: string,
  scope = `@${name}`,
  title = name.replace(/^./, (letter) => letter.toUpperCase()),
): ProductName {
  if (!/^[a-z][a-z0-9]{1,19}$/.test(name)) {
    throw new Error(
      `"${name}" is not a valid name: 2 to 20 lower-case letters and digits, a letter first.`,
    );
  }
  if (!/^@[a-z0-9][a-z0-9-]*$/.test(scope)) {
    throw new Error(`"${scope}" is not a valid npm scope, such as @acme.`);
  }
  if (!/^[A-Z][\w -]{1,39}$/.test(title)) {
    throw new Error(`"${title}" is not a valid title: a capital first, 2 to 40 letters.`);
  }
  return { name, scope, title };
}

/** Replaces the old product's name in a text: npm scope first, then upper case, title, lower case. */
export function renameIn(text: string, from: ProductName, to: ProductName): string {
  return text
    .replaceAll(`${from.scope}/`, `${to.scope}/`)
    .replaceAll(new RegExp(`${from.scope}(?![\\w.-])`, 'g'), to.scope)
    .replaceAll(from.title, to.title)
    .replaceAll(from.name.toUpperCase(), to.name.toUpperCase())
    .replaceAll(from.name, to.name);
}
