import { Layout } from "./layout.tsx";

const TITLES: Record<number, string> = {
  400: "That cannot be used",
  403: "Refused",
  404: "Not found",
  405: "Not possible here",
  409: "Not possible now",
  413: "Too large",
  503: "Not available",
};

export function ErrorPage({ status, message }: { status: number; message: string }) {
  const title = TITLES[status] ?? "Something went wrong";
  return (
    <Layout title={title}>
      <h1>{title}</h1>
      <p class="lead">{message}</p>
      <p>
        <a class="button" href="/sessions">To the sessions</a>
      </p>
    </Layout>
  );
}
