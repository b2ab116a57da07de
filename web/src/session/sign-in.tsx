import { type FormEvent, useEffect, useState } from 'react';
import { createClient } from '../api/client.js';
import { type Problem, problemsOf } from '../api/errors.js';
import { MeDocument } from '../generated/documents.js';
import { PageHeading } from '../router.js';
import { Field } from '../ui/field.js';
import { Notice } from '../ui/notice.js';
import { type Credential, demoCredential, signIn } from './session.js';

type Kind = 'key' | 'jwt';

/** Signs in with an API key or a JWT. A gateway in demo mode signs in by itself, unless somebody has just signed out. */
export function SignIn({ reason }: { readonly reason: string | null }) {
  const [demo, setDemo] = useState<Credential | null | undefined>();
  useEffect(() => {
    void demoCredential().then((credential) => {
      if (credential !== null && reason === null) signIn(credential);
      else setDemo(credential);
    });
  }, [reason]);

  // The form would only flash up where the demo signs in.
  if (demo === undefined && reason === null)
    return (
      <p className="opening" role="status">
        Opening the desk …
      </p>
    );
  return (
    <main className="sign-in">
      <PageHeading title="Sign in">Refund desk</PageHeading>
      <p>Sign in to pay back the credit that your customers hold.</p>
      {reason !== null && <Notice tone="info">{reason}</Notice>}
      {demo && (
        <button type="button" onClick={() => signIn(demo)}>
          Sign in to the demo
        </button>
      )}
      <CredentialForm />
    </main>
  );
}

function CredentialForm() {
  const [kind, setKind] = useState<Kind>('key');
  const [problem, setProblem] = useState<Problem | null>(null);
  const [checking, setChecking] = useState(false);

  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const credential: Credential = {
      token: String(form.get('token')).trim(),
      organizationId: kind === 'jwt' ? String(form.get('organization')).trim() : null,
    };
    setChecking(true);
    const refusal = await refusalOf(credential);
    if (refusal === null) return signIn(credential);
    setProblem(refusal);
    setChecking(false);
  };

  const isAboutOrganization = kind === 'jwt' && String(problem?.details.reason).startsWith('ORGANIZATION');
  return (
    <form onSubmit={(event) => void submit(event)}>
      <fieldset className="choice">
        <legend>Sign in with</legend>
        <Choice kind="key" label="API key" chosen={kind} onChoose={setKind} />
        <Choice kind="jwt" label="Token (JWT)" chosen={kind} onChoose={setKind} />
      </fieldset>
      <Field label={kind === 'key' ? 'API key' : 'Token'} error={isAboutOrganization ? null : (problem?.message ?? null)}>
        <input name="token" type="password" autoComplete="off" required />
      </Field>
      {kind === 'jwt' && (
        <Field
          label="Organization's id"
          error={isAboutOrganization ? (problem?.message ?? null) : null}
          hint="A token is for a person, who may belong to several organizations."
        >
          <input name="organization" autoComplete="organization" required />
        </Field>
      )}
      <button type="submit" className="primary" disabled={checking}>
        {checking ? 'Signing in …' : 'Sign in'}
      </button>
    </form>
  );
}

interface ChoiceProps {
  readonly kind: Kind;
  readonly label: string;
  readonly chosen: Kind;
  readonly onChoose: (kind: Kind) => void;
}

function Choice({ kind, label, chosen, onChoose }: ChoiceProps) {
  return (
    <label>
      <input type="radio" name="kind" checked={kind === chosen} onChange={() => onChoose(kind)} /> {label}
    </label>
  );
}

/** Tries the credential. Returns the refusal, if it is refused. */
async function refusalOf(credential: Credential): Promise<Problem | null> {
  const { error } = await createClient(credential).query({ query: MeDocument });
  return error ? (problemsOf(error)[0] ?? null) : null;
}
