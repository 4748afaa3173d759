CREATE TABLE "embedding_changes" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "embedding_changes_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"xid" "xid8" DEFAULT pg_current_xact_id() NOT NULL,
	"model" text NOT NULL,
	"photo_id" bigint NOT NULL,
	"at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE INDEX "embedding_changes_model" ON "embedding_changes" USING btree ("model","xid","photo_id");--> statement-breakpoint
CREATE INDEX "embedding_changes_at" ON "embedding_changes" USING btree ("at");--> statement-breakpoint
CREATE INDEX "embeddings_model" ON "embeddings" USING btree ("model","photo_id");--> statement-breakpoint
CREATE INDEX "photos_taken" ON "photos" USING btree ("taken_at" DESC NULLS LAST,"id" DESC NULLS LAST) WHERE representative_id is null;--> statement-breakpoint
CREATE INDEX "photos_camera" ON "photos" USING btree ("camera") WHERE representative_id is null;--> statement-breakpoint
CREATE INDEX "photos_rating" ON "photos" USING btree (coalesce("rating", 0)) WHERE representative_id is null;--> statement-breakpoint
CREATE INDEX "photos_format" ON "photos" USING btree ("format") WHERE representative_id is null;
--> statement-breakpoint
CREATE FUNCTION record_embedding_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO embedding_changes (model, photo_id) SELECT model, photo_id FROM touched;
	RETURN NULL;
END
$$;--> statement-breakpoint
CREATE TRIGGER embeddings_inserted AFTER INSERT ON "embeddings" REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION record_embedding_change();--> statement-breakpoint
CREATE TRIGGER embeddings_updated AFTER UPDATE ON "embeddings" REFERENCING NEW TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION record_embedding_change();--> statement-breakpoint
CREATE TRIGGER embeddings_deleted AFTER DELETE ON "embeddings" REFERENCING OLD TABLE AS touched FOR EACH STATEMENT EXECUTE FUNCTION record_embedding_change();--> statement-breakpoint
CREATE FUNCTION record_embeddings_truncated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO embedding_changes (model, photo_id) VALUES ('', 0);
	RETURN NULL;
END
$$;--> statement-breakpoint
CREATE TRIGGER embeddings_truncated AFTER TRUNCATE ON "embeddings" FOR EACH STATEMENT EXECUTE FUNCTION record_embeddings_truncated();
