package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"golang.org/x/crypto/bcrypt"
)

var secret = []byte(os.Getenv("JWT_SECRET"))

var unauthorized = &fault{401, "unauthorized", "Invalid or expired token"}

const hs256 = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"

func caller(r *http.Request) (*user, error) {
	tok, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return nil, unauthorized
	}
	parts := strings.Split(tok, ".")
	if len(parts) != 3 || parts[0] != hs256 {
		return nil, unauthorized
	}
	if !hmac.Equal([]byte(parts[2]), []byte(sign(parts[0]+"."+parts[1]))) {
		return nil, unauthorized
	}
	body, err := base64.RawURLEncoding.DecodeString(parts[1])
	var claims struct {
		UserID string `json:"userId"`
		Exp    int64  `json:"exp"`
	}
	if err != nil || json.Unmarshal(body, &claims) != nil || claims.Exp <= time.Now().Unix() {
		return nil, unauthorized
	}
	id, err := bson.ObjectIDFromHex(claims.UserID)
	if err != nil {
		return nil, unauthorized
	}
	var u user
	err = users.FindOne(r.Context(), bson.D{{"_id", id}}, options.FindOne().SetProjection(bson.D{{"password", 0}})).Decode(&u)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil, unauthorized
	}
	return &u, err
}

func callerAs(r *http.Request, role string) (*user, error) {
	u, err := caller(r)
	if err == nil && u.Role != role {
		err = &fault{403, "forbidden", "Not for your role"}
	}
	return u, err
}

func sign(text string) string {
	mac := hmac.New(sha256.New, secret)
	io.WriteString(mac, text)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func tokenOf(u *user) (string, error) {
	now := time.Now().Unix()
	claims, err := json.Marshal(map[string]any{
		"userId": u.ID.Hex(), "email": u.Email, "role": u.Role, "iat": now, "exp": now + 7*86400})
	text := hs256 + "." + base64.RawURLEncoding.EncodeToString(claims)
	return text + "." + sign(text), err
}

// login notes when it was.
func login(w http.ResponseWriter, r *http.Request) error {
	var in struct{ Email, Password string }
	if err := input(w, r, &in); err != nil {
		return err
	}
	var found user
	err := users.FindOne(r.Context(), bson.D{{"email", in.Email}}).Decode(&found)
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return err
	}
	if bcrypt.CompareHashAndPassword([]byte(found.Password), []byte(in.Password)) != nil {
		return &fault{401, "bad_login", "E-mail or password is wrong"}
	}
	found.LastLogin = isoTime(time.Now())
	if _, err = users.UpdateByID(r.Context(), found.ID, bson.D{{"$set", bson.D{{"lastLogin", found.LastLogin}}}}); err != nil {
		return err
	}
	token, err := tokenOf(&found)
	if err != nil {
		return err
	}
	answer(w, 200, struct {
		Token string `json:"token"`
		User  *user  `json:"user"`
	}{token, &found})
	return nil
}
